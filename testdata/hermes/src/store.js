export function load(version) {
  return {
    version,
    currency: "XYZ",
    items: [{ price: 10 }, { price: 20 }],
    get extras() {
      return [{ price: version }];
    },
  };
}
