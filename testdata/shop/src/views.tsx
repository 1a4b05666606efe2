import { h } from "./h";
import type { Product } from "./products";
import { texts } from "./texts";

class Thumbnail {
  readonly _product: Product;

  constructor(product: Product) {
    this._product = product;
  }

  get _file(): string {
    /*@thumbnail.file.firefox get Thumbnail._file*/return this._product._picture!./*@thumbnail.file get Thumbnail._file*/_file;
  }
}

const Card = ({ product }: { product: Product }) => {
  const thumbnail = new Thumbnail(product);
  return (
    <li class="card">
      <img alt={product._name} src={`/img/${/*@card.file.firefox Card*/thumbnail./*@card.file Card*/_file}`} />
      <b>{product._name}</b>
    </li>
  );
};

function List({ products }: { products: Product[] }) {
  return <ul>{products./*@list.map List*/map((product) => /*@list.card*/<Card product={product} />)}</ul>;
}

export function Page({ products, lang }: { products: Product[]; lang: string }) {
  return (
    <main lang={lang} title={texts.tagline}>
      <h1>{texts.title}</h1>
      {/*@page.list Page*/<List products={products} />}
    </main>
  );
}
