// For webpack: TypeScript and JSX to JavaScript, module by module, as the bundler's options say.
module.exports = function (text) {
  const { compile } = this.getOptions();
  const { code, map } = compile(text, this.resourcePath);
  this.callback(null, code, { ...JSON.parse(map), sources: [this.resourcePath], sourcesContent: [text] });
};
