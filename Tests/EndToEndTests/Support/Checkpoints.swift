import Foundation
import Testing

/// Checkpoints that tests make: good ones of any size, and ones with something wrong.
enum Checkpoints {
  /// A LLaMA folder whose embedding has so many bytes, none of which takes room on the disk: the file is sparse.
  static func large(in folder: TemporaryFolder, bytes: Int) throws -> String {
    try llama(in: folder, tensor: "model.embed_tokens.weight", rows: bytes / 128, columns: 64)
  }

  /// A LLaMA folder whose down projection has so many bytes, none of which takes room on the disk. Its columns are dealt.
  static func wide(in folder: TemporaryFolder, bytes: Int) throws -> String {
    try llama(in: folder, tensor: "model.layers.0.mlp.down_proj.weight", rows: 64, columns: bytes / 128)
  }

  private static func llama(in folder: TemporaryFolder, tensor: String, rows: Int, columns: Int) throws -> String {
    let configuration = """
      {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_attention_heads": 8,
       "num_key_value_heads": 8, "num_hidden_layers": 1, "intermediate_size": \(max(columns, 128)), "vocab_size": \(rows)}
      """
    try folder.write("large/config.json", text: configuration)
    let bytes = rows * columns * 2
    var header = """
      {"\(tensor)":{"dtype":"F16","shape":[\(rows),\(columns)],"data_offsets":[0,\(bytes)]}}
      """
    while header.utf8.count % 8 != 0 { header += " " }
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
    let file = try folder.write("large/model.safetensors", length + [UInt8](header.utf8))
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
    try handle.truncate(atOffset: UInt64(8 + header.utf8.count + bytes))
    try handle.close()
    return "\(folder.path)/large"
  }

  /// A copy of the sample's folder; the path of its manifest.
  static func sample(in folder: TemporaryFolder, as name: String = "copy") throws -> String {
    try folder.copy("\(Repository.folder)/Sample/gpt2-tiny", as: name) + "/manifest.json"
  }

  /// Replaces a text in a file of a copy of the sample.
  static func replace(_ old: String, by new: String, in path: String) throws {
    var bytes = try Repository.read(path)
    let range = try #require(bytes.firstRange(of: [UInt8](old.utf8)), "\(path) has no \(old)")
    bytes.replaceSubrange(range, with: [UInt8](new.utf8))
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  /// Makes the pickle of a torch file name another global of the same length, and mends the entry's CRC-32.
  static func replaceGlobal(_ old: String, by new: String, in path: String) throws {
    try #require(old.utf8.count == new.utf8.count)
    let bytes = try Repository.read(path)
    let start = try #require(bytes.firstRange(of: [UInt8](old.utf8))).lowerBound
    // The pickle is the file's first entry: its data begin where its local header says, and end at a descriptor with its CRC-32.
    let data = 30 + Int(bytes[26]) + Int(bytes[27]) << 8 + Int(bytes[28]) + Int(bytes[29]) << 8
    let end = try #require(bytes.firstRange(of: [0x50, 0x4B, 0x07, 0x08])).lowerBound
    try #require(data <= start && start < end)
    var changed = bytes
    changed.replaceSubrange(start..<start + old.utf8.count, with: [UInt8](new.utf8))
    let checksums = (before: littleEndian(crc32(bytes[data..<end])), after: littleEndian(crc32(changed[data..<end])))
    while let place = changed.firstRange(of: checksums.before) { changed.replaceSubrange(place, with: checksums.after) }
    try Data(changed).write(to: URL(fileURLWithPath: path))
  }

  private static func littleEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
  }

  private static func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
  }
}
