/// A class or function that a pickle refers to: a name, never the thing.
struct PickleGlobal: Hashable, Sendable {
  /// The module, with Python 2's names for it replaced by Python 3's.
  let module: String
  /// The name within the module.
  let name: String

  /// A global by the names that a pickle gives.
  init(module: String, name: String) {
    self.module = module == "__builtin__" ? "builtins" : module
    self.name = name
  }

  /// Both, as Python writes them: `torch.Size`.
  var dotted: String { module + "." + name }
}
