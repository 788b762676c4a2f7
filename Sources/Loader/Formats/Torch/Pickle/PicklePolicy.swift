/// Which globals a pickle may name.
///
/// Nothing is ever imported or called, so a name can do no harm here. Names that no checkpoint needs are refused all the same,
/// anywhere in the file: such a file was made to attack those who load it with Python, or is not a checkpoint.
struct PicklePolicy: Hashable, Sendable {
  /// Globals, modules or packages that are allowed beyond the known ones, by their dotted names.
  var allowOpaque: [String]

  /// The known globals, and those of `allowOpaque`.
  init(allowOpaque: [String] = []) {
    self.allowOpaque = allowOpaque
  }

  /// Whether a pickle may name this global.
  func allows(_ global: PickleGlobal) -> Bool {
    if isKnown(global) { return true }
    let dotted = global.dotted
    return allowOpaque.contains { dotted == $0 || dotted.hasPrefix($0 + ".") }
  }

  private func isKnown(_ global: PickleGlobal) -> Bool {
    guard !global.name.utf8.contains(0x2E) else { return false }
    if PicklePolicy.names[global.module]?.contains(global.name) == true { return true }
    if let rebuilders = PicklePolicy.rebuilders[global.module] { return rebuilders.contains(global.name) }
    switch global.module {
    case "torch", "torch.cuda", "torch.storage":
      return TorchElement(storage: global) != nil || TorchElement(dtype: global) != nil
        || PicklePolicy.isTensorClass(global.name)
    case "numpy", "numpy.dtypes":
      return PicklePolicy.isNumPyType(global.name)
    default:
      return PicklePolicy.classPackages.contains { global.module == $0 || global.module.hasPrefix($0 + ".") }
        && PicklePolicy.isClassName(global.name)
    }
  }

  /// Whether a name is written as classes are: a capital after leading underscores, then letters, digits, underscores.
  private static func isClassName(_ name: String) -> Bool {
    let bare = name.utf8.drop { $0 == 0x5F }
    guard let first = bare.first, (0x41...0x5A).contains(first) else { return false }
    return bare.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
      default: false
      }
    }
  }

  private static func isTensorClass(_ name: String) -> Bool {
    name.hasSuffix("Tensor") && isClassName(name)
  }

  /// `float32`, `Float32DType`, `bool_` … : NumPy's scalar types and the classes of its dtypes.
  private static func isNumPyType(_ name: String) -> Bool {
    if name.hasSuffix("DType") { return isClassName(name) }
    let stem = name.hasSuffix("_") ? String(name.dropLast()) : name
    let letters = String(stem.prefix { !$0.isNumber })
    guard stem.utf8.dropFirst(letters.utf8.count).allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
    return numPyTypes.contains(letters)
  }
}
