const rates = { EUR: { factor: 1 }, "é€😀": { factor: 2 } };

export const priceOf = (item, currency) => {
  const convert = function (amount) {
    return amount * rates[currency].factor; // the crash: no such currency
  };
  return (function () {
    return convert(item.price);
  })();
};
