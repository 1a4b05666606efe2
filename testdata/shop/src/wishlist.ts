import { Money } from "./money";

/** What the browser kept for us since the last visit. */
class Saved {
  readonly _entries: string[];

  constructor(text: string) {
    this._entries = text.split(",");
  }
}

export class Wishlist extends Saved {
  readonly #wishes = this._entries./*@wish.map new Wishlist*/map((entry) => {
    return /*@wish.new*/new Wish(Money._parse(entry));
  });

  constructor(text: string) {
    /*@wish.super new Wishlist*/super(text);
  }

  get _size(): number {
    return this.#wishes.length;
  }
}

class Wish {
  _cents: number;

  constructor(price: Money) {
    /*@wish.cents.firefox new Wish*/this._cents = price./*@wish.cents new Wish*/_cents;
  }
}
