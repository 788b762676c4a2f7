import Platform
import TestSupport
import Testing

@testable import Loader

@Suite struct HuggingFaceConfigurationWriterTests {
  private func checkpoint(_ fixture: String) throws -> Checkpoint {
    let folder = "\(Fixtures.folder)/conformance/\(fixture)"
    let description = try JSONValue(parsing: Fixtures.read("\(folder)/case.json"))
    return try CheckpointLoader.load(Path.join(folder, try #require(description["checkpoint"]?.asText)))
  }

  @Test func aLLaMAOfMegatronsIsDescribedByItsArgumentsAndTensors() throws {
    let text = try checkpoint("names_hf_llama_mcore_tp2_pp2_bf16").huggingFaceConfiguration()
    let json = try JSONValue(parsing: Array(text.utf8))
    #expect(json["model_type"]?.asText == "llama")
    let numbers = [
      "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
      "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 8,
    ]
    for (key, number) in numbers { #expect(json[key]?.asInteger == number, "\(key)") }
    #expect(json["tie_word_embeddings"]?.asBoolean == false)
    #expect(json["torch_dtype"]?.asText == "bfloat16")
    let origins = try #require(json["weight_server_origins"]?.asObject)
    #expect(origins["num_key_value_heads"]?.asText == "args.num_query_groups")
    let fields = json.asObject?.members.map(\.key).filter { $0 != "weight_server_origins" }
    #expect(fields == origins.members.map(\.key))
  }

  @Test func theConfigurationIsReadBackAsTheSameNumbers() throws {
    for fixture in ["names_hf_llama_mcore_tp2_pp2_bf16", "names_hf_gpt2_v2_mp2_bf16", "mlm_nested_tp2_pp2_fp16"] {
      let checkpoint = try checkpoint(fixture)
      let json = try JSONValue(parsing: Array(try checkpoint.huggingFaceConfiguration().utf8))
      let geometry = try HuggingFaceConfiguration(object: try #require(json.asObject)).geometry()
      #expect(geometry.heads == checkpoint.context.geometry.heads)
      #expect(geometry.keyValueHeadCount == checkpoint.context.geometry.keyValueHeadCount)
      #expect(geometry.hiddenSize == checkpoint.context.geometry.hiddenSize)
      #expect(geometry.layers == checkpoint.context.geometry.layers)
    }
  }

  @Test func aFieldThatNothingSaysIsAskedFor() throws {
    let (model, _) = try #require(try NaiveModel(.gptNeoXVersion2, seed: 0).checkpoint(ranks: 1))
    let checkpoint = Checkpoint.synthetic(
      model.tensors, context: model.context, family: .megatron,
      arguments: TrainingArguments(["hidden_size": .integer(8)]))
    let error = #expect(throws: LoaderError.self) { try checkpoint.huggingFaceConfiguration() }
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message.contains("nothing says max_position_embeddings") == true)
    #expect(error?.message.contains("assets") == true)
  }

  @Test func aWindowOfAttentionMakesItMistral() throws {
    let (model, _) = try #require(try NaiveModel(.coreLLaMA, seed: 0).checkpoint(ranks: 1))
    let plain = model.tensors.filter { !$0.name.hasSuffix(".bias") }
    let checkpoint = Checkpoint.synthetic(
      plain, context: model.context, family: .megatronCore,
      arguments: TrainingArguments(["window_size": .first(4096), "seq_length": .integer(32)]))
    #expect(try checkpoint.huggingFace().modelType == "mistral")
  }

  @Test func whereThereAreNoArgumentsTheManifestsKeyIsNamed() throws {
    let checkpoint = try checkpoint("dsmodel_opt_tp2_fp16")
    let error = #expect(throws: LoaderError.self) { try checkpoint.huggingFaceConfiguration() }
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message.contains("assets") == true)
  }

  @Test func aConfigurationBesideTheCheckpointIsTheOne() throws {
    let text = try checkpoint("hf_llama_gqa_bf16").huggingFaceConfiguration()
    #expect(
      Array(text.utf8) == (try Fixtures.read("\(Fixtures.folder)/conformance/hf_llama_gqa_bf16/checkpoint/config.json"))
    )
  }

  @Test func assetsTellTheHeadsThatFilesDoNot() throws {
    let folder = try TemporaryFolder()
    let source = "\(Fixtures.folder)/conformance/megatron_v2_mp1_fp32/checkpoint"
    for name in try Folder.names(in: source) where name != "manifest.json" {
      try folder.write(name, try Fixtures.read("\(source)/\(name)"))
    }
    let manifest = try JSONValue(parsing: Fixtures.read("\(source)/manifest.json"))
    let file = try #require(manifest["checkpoints"]?.asArray?.first?.asText)
    try folder.write("assets/config.json", #"{"model_type": "gpt2", "n_head": 4, "n_embd": 32}"#)
    try folder.write(
      "manifest.json",
      #"{"type": "Megatron", "checkpoints": ["\#(file)"], "version": 2.0, "assets": "assets"}"#)
    let checkpoint = try CheckpointLoader.load(Path.join(folder.path, "manifest.json"))
    #expect(checkpoint.context.geometry.heads == 4)
    #expect(!checkpoint.warnings.contains { $0.contains("heads could not be checked") })
    #expect(try checkpoint.huggingFace().modelType == "gpt2")
  }
}
