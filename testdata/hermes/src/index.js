// A small app that crashes in a callback, two modules deep.
import { checkout } from "./checkout";
import { load } from "./store";

const App = {
  start(version) {
    const store = load(version);
    this.render(store);
  },
  render: function (store) {
    store.items.forEach((item) => {
      checkout(store, item);
    });
  },
};

function main() {
  App.start(3);
}

main();
