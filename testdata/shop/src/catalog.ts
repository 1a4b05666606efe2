import type { Product } from "./products";

interface Row {
  _name: string;
  _cents: number;
}

export class Catalog {
  readonly #products: Product[];

  constructor(products: Product[]) {
    this.#products = products;
  }

  *[Symbol.iterator](): Generator<Row> {
    for (const product of this.#products) {
      yield this./*@catalog.row Catalog[Symbol.iterator]*/#row(product);
    }
  }

  #row(product: Product): Row {
    const row = { _name: product._name, _cents: 0 };
    /*@catalog.cents.firefox Catalog.#row*/row._cents = product._price./*@catalog.cents Catalog.#row*/_cents;
    return row;
  }

  _feed(): string {
    return Array./*@catalog.from Catalog._feed*/from(this, (row) => `${row._name}\t${row._cents}`).join(";");
  }

  _cheapest(): Product | undefined {
    return this.#products./*@catalog.sort Catalog._cheapest*/sort(Catalog.#byPrice).at(0);
  }

  static #byPrice = (a: Product, b: Product): number => {
    const left = a._price./*@sort.left Catalog.#byPrice*/_cents;
    return left - /*@sort.right.firefox Catalog.#byPrice*/b._price._cents;
  };

  async _find(word: string): Promise<number> {
    const found = Promise.resolve(word)
      .then((text) => text.toLowerCase())
      .then((id) => this.#products.find((product) => product._id === id))
      .then((product) => /*@find.cents.firefox*/product!._price./*@find.cents*/_cents);
    /*@find.await.terser Catalog._find*/return /*@find.await Catalog._find*/await found;
  }
}
