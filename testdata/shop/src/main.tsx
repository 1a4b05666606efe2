import "./texts";
import { Bus } from "./bus";
import { Cart, totalOf } from "./cart";
import { Catalog } from "./catalog";
import { Checkout } from "./checkout";
import { h } from "./h";
import { Orders } from "./orders";
import { products } from "./products";
import { language, Settings } from "./settings";
import { Page } from "./views";
import { Wishlist } from "./wishlist";

declare global {
  var shopSettings: string | undefined;
  var shop: { start(event: string, payload?: string): void };
}

const settings = new Settings(globalThis.shopSettings ?? "{}");
const locale = /*@main.language*/language(settings);
const bus = new Bus();
const catalog = new Catalog(products);
const cart = new Cart()._add(products[0], "2")._add(products[1]);

const actions: Record<string, (payload: string) => unknown> = {
  async checkout() {
    const /*@main.checkout.terser checkout*/prices = /*@main.checkout checkout*/await new Checkout()._submit(cart);
    bus._emit(`paid ${prices}`, prices.join());
  },
  async payment() {
    const /*@main.payment.terser payment*/receipt = /*@main.payment payment*/await new Checkout()._pay(cart);
    bus._emit(`paid ${receipt}`, locale);
  },
  async orders() {
    const /*@main.orders.terser orders*/history = /*@main.orders orders*/await new Orders()._history();
    bus._emit(`seen ${history}`, history.join());
  },
  search: /*@main.search.terser search*/async (word) => /*@main.search search*/await catalog._find(word),
  total: () => /*@main.total total*/totalOf(/*@main.total.terser.firefox total*/cart),
  feed: () => catalog./*@main.feed feed*/_feed(),
  cheapest() {
    return catalog./*@main.cheapest cheapest*/_cheapest();
  },
  wishlist(saved) {
    return /*@main.wishlist wishlist*/new Wishlist(saved);
  },
  coupon(code) {
    /*@main.coupon.firefox coupon*/cart./*@main.coupon coupon*/_coupon = code;
  },
  page: function () {
    return /*@main.page page*/<Page products={products} lang={language(settings)} />;
  },
};

for (const [event, action] of Object.entries(actions)) {
  bus._on(event, action);
}

globalThis.shop = {
  start(event, payload = "") {
    setTimeout(() => {
      bus./*@main.emit*/_emit(event, payload);
    }, 0);
  },
};
