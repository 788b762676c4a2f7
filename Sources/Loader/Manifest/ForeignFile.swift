/// Files that people take for checkpoints, and are told what to give instead.
enum ForeignFile {
  /// What a file is by its first bytes, and what would be right; nil for any other.
  static func hint(_ prefix: [UInt8], name: String) -> String? {
    if let (_, what) = beginnings.first(where: { prefix.starts(with: $0.bytes) }) { return what }
    if let target = linkTarget(prefix) {
      return
        "is the text of a link (\(target.escaped)), not the file it leads to: copy the folder with its links, or fetch the file"
    }
    return tensorFlowEndings.contains(where: name.hasSuffix) || name.contains(".data-00000-of-") ? tensorFlow : nil
  }

  /// What a folder is by the names in it; nil for any other.
  static func hint(folder names: [String]) -> String? {
    if names.contains(where: { $0.hasSuffix(".ckpt.index") || $0.contains(".data-00000-of-") }) { return tensorFlow }
    guard let file = names.first(where: { $0.hasSuffix(".gguf") }) else { return nil }
    return "holds \(file.escaped): \(quantizedForOthers)"
  }

  private static let quantizedForOthers =
    "GGUF, llama.cpp's own format, is not read; give the Hugging Face folder that it was made from"
  private static let tensorFlow =
    "is a checkpoint of TensorFlow, which is not read; save the model with save_pretrained of transformers"
  private static let tensorFlowEndings = [".ckpt.index", ".ckpt.meta"]

  private static let beginnings: [(bytes: [UInt8], what: String)] = [
    (Array("version https://git-lfs".utf8), "is a git-lfs pointer, not the file itself: fetch it with git lfs pull"),
    (Array("GGUF".utf8), quantizedForOthers),
    ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A], "is an HDF5 file, as Keras writes; save the model with save_pretrained"),
    ([0x1F, 0x8B], "is compressed by gzip; unpack it first"),
    ([0x28, 0xB5, 0x2F, 0xFD], "is compressed by zstd; unpack it first"),
    (Array("<!DOCTYPE".utf8), "is a page of HTML, not the file: the download answered with a page"),
    (Array("<html".utf8), "is a page of HTML, not the file: the download answered with a page"),
  ]

  /// The target of a link that was copied as text: a short relative path of one line.
  private static func linkTarget(_ prefix: [UInt8]) -> String? {
    guard prefix.count < 512, prefix.starts(with: "../".utf8), let text = String(validating: prefix, as: UTF8.self)
    else {
      return nil
    }
    let line = text.hasSuffix("\n") ? String(text.dropLast()) : text
    return line.unicodeScalars.contains { $0.value < 0x20 } ? nil : line
  }
}
