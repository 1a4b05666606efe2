import { priceOf } from "./price";

/** Adds the item up, and says so. */
export function checkout(store, item) {
  const total = [item, ...store.extras].map((each) => priceOf(each, store.currency)).reduce((a, b) => a + b, 0);
  print("total: " + total);
  return total;
}
