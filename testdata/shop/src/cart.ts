import { ShopError } from "./errors";
import { wholeNumber } from "./numbers";
import type { Product } from "./products";

export class Line {
  readonly _product: Product;
  readonly _quantity: number;

  constructor(product: Product, quantity: number) {
    this._product = product;
    this._quantity = quantity;
  }

  get _cents(): number {
    return this._quantity * /*@line.cents.firefox get Line._cents*/this._product._price./*@line.cents get Line._cents*/_cents;
  }
}

export class Cart {
  readonly _lines: Line[] = [];
  #coupon = "";

  _add(product: Product, quantity = "1"): this {
    this._lines.push(new Line(product, wholeNumber(quantity)));
    return this;
  }

  set _coupon(code: string) {
    this.#coupon = this./*@cart.checked set Cart._coupon*/#checked(code.trim());
  }

  #checked(code: string): string {
    if (code !== "été 🎟️") throw /*@cart.throw Cart.#checked*/new ShopError("coupon", `Code « ${code} » inconnu 🎟️`);
    return code;
  }

  get _total(): number {
    return this._lines./*@cart.reduce get Cart._total*/reduce((sum, line) => sum + /*@cart.line.firefox*/line./*@cart.line*/_cents, 0);
  }
}

export function totalOf(cart: Cart): number {
  /*@totalOf.total.firefox totalOf*/return cart./*@totalOf.total totalOf*/_total;
}
