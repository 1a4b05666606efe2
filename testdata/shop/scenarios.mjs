// Every crash of the shop, and the frames it must give: written by hand, from the sources and from what the language says
// calls what. Nothing here is read off a stack trace's columns or out of a map.
//
// A frame is the id of a marker in src/ (innermost first) or one of the things below.

/** A builtin between two frames of the shop, such as Array.map: V8 prints it without a position, Firefox not at all. */
const native = { native: true, family: "v8" };
/** A caller that waits for a promise: V8 finds it again ("at async f"), Firefox without a debugger does not. */
const waiting = (site) => ({ site, family: "v8" });
/** V8 leaves the constructors of an error's own classes out. */
const errorConstructor = { site: "error.super", family: "firefox" };
/** Node's own code below the shop; browsers print nothing for it. */
const outside = (count) => Array(count).fill({ outside: true, engine: "node" });

const unreadablePrice = ["number.throw", "amount.read", "money.value"];
const onTimer = ["main.emit", ...outside(2)];
const delivered = ["bus.handler", native, "bus.each", ...onTimer];
const totalOfCart = [...unreadablePrice, "line.cents", "cart.line", native, "cart.reduce"];

const unreadable = /^RangeError: Prix illisible « six euros » 💶$/;
const refused = /^ShopError: Paiement refusé 💳$/;

export const scenarios = {
  boot: {
    about: "the script's top level: a getter that parses JSON",
    run: { settings: "{language:" },
    message: { v8: /^SyntaxError: Expected property name or '}' in JSON at/, firefox: /^SyntaxError: JSON\.parse: expected/ },
    frames: [native, "settings.parse", "settings.parsed", "settings.values", "main.language", ...outside(9)],
  },
  checkout: {
    about: "a private method, called from a callback of Array.map, after an await",
    run: { event: "checkout" },
    message: unreadable,
    frames: [
      ...[...unreadablePrice, "line.cents", "checkout.cents", "checkout.line", native, "checkout.map"],
      ...[waiting("checkout.prepare"), waiting("main.checkout")],
    ],
  },
  payment: {
    about: "an error made by a getter, thrown from a catch block, with a cause",
    run: { event: "payment" },
    message: refused,
    frames: [errorConstructor, "attempt.new", "pay.error", "pay.failure", waiting("main.payment")],
    cause: {
      message: unreadable,
      frames: [...totalOfCart, "gateway.total", waiting("pay.charge"), waiting("main.payment")],
    },
    uncaught: true,
  },
  orders: {
    about: "Promise.all over async callbacks",
    run: { event: "orders" },
    message: unreadable,
    frames: [
      ...[...totalOfCart, "orders.total", waiting("orders.load"), native],
      ...[waiting("orders.all"), waiting("main.orders")],
    ],
  },
  search: {
    about: "the last callback of a promise chain",
    run: { event: "search", payload: "BABA" },
    message: unreadable,
    frames: [...unreadablePrice, "find.cents", waiting("find.await"), waiting("main.search")],
  },
  total: {
    about: "Array.reduce in a getter, called by a function which terser inlines",
    run: { event: "total" },
    message: unreadable,
    frames: [...totalOfCart, "totalOf.total", "main.total", ...delivered],
  },
  feed: {
    about: "a generator, driven by Array.from",
    run: { event: "feed" },
    message: unreadable,
    frames: [
      ...[...unreadablePrice, "catalog.cents", "catalog.row", native, native, "catalog.from", "main.feed"],
      ...delivered,
    ],
  },
  cheapest: {
    about: "a comparator in a static private field (V8 compares second with first, Firefox first with second)",
    run: { event: "cheapest" },
    message: unreadable,
    frames: [
      ...[...unreadablePrice, { site: "sort.left", family: "v8" }, { site: "sort.right", family: "firefox" }],
      ...[native, "catalog.sort", "main.cheapest", ...delivered],
    ],
  },
  wishlist: {
    about: "a field initialiser, on the way back from super()",
    run: { event: "wishlist", payload: "450,six euros" },
    message: unreadable,
    frames: [
      ...[...unreadablePrice, "wish.cents", "wish.new", native, "wish.map", "wish.super", "main.wishlist"],
      ...delivered,
    ],
  },
  coupon: {
    about: "a setter, and an error of the shop's own class",
    run: { event: "coupon", payload: " hiver " },
    message: /^ShopError: Code « hiver » inconnu 🎟️$/,
    frames: [errorConstructor, "cart.throw", "cart.checked", "main.coupon", ...delivered],
  },
  page: {
    about: "a property of undefined, inside JSX components inside each other",
    run: { event: "page" },
    message: { v8: /^TypeError: Cannot read properties of undefined \(reading '\w+'\)$/, firefox: /^TypeError: can't access / },
    frames: [
      ...["thumbnail.file", "card.file", "h.component", "list.card", native, "list.map", "h.component", "page.list"],
      ...["h.component", "main.page", ...delivered],
    ],
  },
};

// Where a minifier takes a function or a token away, the right answer of its map is another one. Each such place:
const noMapping = "terser's map has no mapping at an await: the token before it answers";
export const exceptions = {
  terser: {
    "checkout.prepare": noMapping,
    "pay.charge": noMapping,
    "orders.load": noMapping,
    "orders.all": noMapping,
    "find.await": noMapping,
    "main.checkout": noMapping,
    "main.payment": noMapping,
    "main.orders": noMapping,
    "main.search": noMapping,
    "totalOf.total": {
      v8: "terser inlined totalOf(): one frame for two functions, and V8 names the property's place",
      firefox: { gone: "terser inlined totalOf(): one frame for two functions, and Firefox names the object's place" },
    },
    "main.total": {
      v8: { gone: "terser inlined totalOf()" },
      firefox: "terser inlined totalOf(): the object is the argument of the call that is gone",
    },
  },
};
