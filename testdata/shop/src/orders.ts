import { Cart } from "./cart";
import { products } from "./products";

export class Orders {
  readonly #carts: Cart[] = [
    new Cart()._add(products[0]),
    new Cart()._add(products[0])._add(products[1], "6"),
  ];

  async _history(): Promise<string[]> {
    /*@orders.all.terser Orders._history*/return /*@orders.all Orders._history*/await Promise.all(
      this.#carts.map(async (cart, i) => {
        const /*@orders.load.terser*/total = /*@orders.load*/await this.#load(cart);
        return total > 0 ? `#${i}: ${total}` : "";
      }),
    );
  }

  async #load(cart: Cart): Promise<number> {
    await null;
    return /*@orders.total.firefox Orders.#load*/cart./*@orders.total Orders.#load*/_total;
  }
}
