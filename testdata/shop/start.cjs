// Loaded into Node before the shop: starts one scenario, and (unless the crash is to be fatal) reports the error as JSON.
const { settings, event, payload, report } = JSON.parse(process.env.SHOP_RUN);

const described = (error) => ({
  text: String(error),
  stack: error.stack,
  cause: error.cause && described(error.cause),
});

if (report) {
  process.on("uncaughtException", (error) => console.log(JSON.stringify(described(error))));
}
globalThis.shopSettings = settings;
if (event) {
  setImmediate(() => shop.start(event, payload));
}
