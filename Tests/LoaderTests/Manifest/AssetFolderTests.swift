import Platform
import TestSupport
import Testing

@testable import Loader

@Suite struct AssetFolderTests {
  @Test(arguments: [
    ("tokenizer.json", true), ("tokenizer.model", true), ("tokenizer.model.v3", true), ("qwen.tiktoken", true),
    ("generation_config.json", true), ("additional_chat_templates/tools.jinja", true), ("merges.txt", true),
    ("model.safetensors", false), ("model.safetensors.index.json", false), ("pytorch_model.bin", false),
    ("modeling_bloom.py", false), ("README.md", false), (".env", false), ("id_rsa", false), ("", false),
    ("deep/tokenizer.json", false), ("additional_chat_templates/a/b.jinja", false), ("deep/x.tiktoken", false),
    ("../tokenizer.json", false), ("/etc/tokenizer.json", false), ("additional_chat_templates/../x.jinja", false),
  ])
  func onlyWhatIsOnTheListIsServed(name: String, isServed: Bool) {
    #expect(AssetFolder.isListed(name) == isServed)
  }

  @Test func filesAreThoseOfTheFolderThatAreOnTheList() throws {
    let folder = try TemporaryFolder()
    for name in ["tokenizer.json", "secret.json", "additional_chat_templates/tools.jinja", "weights.bin"] {
      try folder.write(name, name)
    }
    var roots = Roots()
    try roots.add(folder: folder.path)
    let assets = AssetFolder(path: folder.path, roots: roots)
    #expect(assets.names == ["additional_chat_templates/tools.jinja", "tokenizer.json"])
    #expect(try assets.open("tokenizer.json")?.bytes(at: 0, count: 14) == Array("tokenizer.json".utf8))
    #expect(assets.open("secret.json") == nil)
    #expect(assets.open("vocab.json") == nil)
  }

  @Test func linksThatLeaveTheRootsLeadNowhere() throws {
    let folder = try TemporaryFolder()
    let outside = try TemporaryFolder()
    try outside.write("tokenizer.json", "outside")
    try outside.write("tools.jinja", "outside")
    try folder.link("tokenizer.json", to: outside.file("tokenizer.json"))
    try folder.link("additional_chat_templates", to: outside.path)
    try folder.link("vocab.json", to: "/dev/zero")
    var roots = Roots()
    try roots.add(folder: folder.path)
    let assets = AssetFolder(path: folder.path, roots: roots)
    for name in ["tokenizer.json", "additional_chat_templates/tools.jinja", "vocab.json"] {
      #expect(assets.open(name) == nil, "\(name)")
    }
    #expect(!assets.names.contains("additional_chat_templates/tools.jinja"))
  }
}
