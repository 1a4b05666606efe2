import { Money } from "./money";

export interface Picture {
  _file: string;
}

export interface Product {
  _id: string;
  _name: string;
  _price: Money;
  _picture?: Picture;
}

export const products: Product[] = [
  { _id: "eclair", _name: "Éclair au café ☕", _price: Money._parse("450"), _picture: { _file: "eclair.webp" } },
  { _id: "baba", _name: "Baba au rhum 🥃", _price: Money._parse("six euros") },
];
