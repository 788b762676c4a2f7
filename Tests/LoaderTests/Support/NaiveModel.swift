import TestSupport

@testable import Loader

/// A small model of random size in a framework's names and layouts, and in Hugging Face's, each made on its own of the same numbers.
struct NaiveModel {
  /// Whose names, and in which layout.
  enum Kind: CaseIterable, Sendable {
    case gpt2Version0, gpt2Version1, gpt2Version2
    case gptNeoXVersion0, gptNeoXVersion1, gptNeoXVersion2
    case coreLLaMA, coreLLaMAInterleaved, coreMixtral, coreGPT2
    case injectedOPT, injectedGPTNeoX, injectedBLOOM, injectedLLaMA, injectedGPT2
  }

  let kind: Kind
  let naive: NaiveHuggingFace
  let dtype: DType
  /// The source's whole tensors, in order.
  private(set) var source: [(name: String, tensor: ElementArray)] = []
  /// Hugging Face's.
  private(set) var target: [String: ElementArray] = [:]
  private let hidden: Int
  private var seed = 0

  init(_ kind: Kind, seed: Int, heads: Int = 4) {
    var random = SeededGenerator(seed: seed)
    self.kind = kind
    let groups = kind.isGrouped ? random.one(of: [1, 2, 4]) : heads
    let headRows = random.one(of: [2, 4, 6])
    var naive = NaiveHuggingFace(heads: heads, groups: groups, headRows: headRows)
    if kind == .coreLLaMAInterleaved { naive.interleavedRows = headRows }
    self.naive = naive
    hidden = heads * headRows
    dtype = random.one(of: [DType.u8, .bf16, .f32, .f64])
    self.seed = seed * 1000
    make()
  }

  // MARK: Checkpoints

  var family: Family {
    switch kind {
    case .coreLLaMA, .coreLLaMAInterleaved, .coreMixtral, .coreGPT2: .megatronCore
    case .injectedOPT, .injectedGPTNeoX, .injectedBLOOM, .injectedLLaMA, .injectedGPT2: .deepSpeedInference
    default: .megatron
    }
  }

  var context: FamilyContext {
    var context = FamilyContext()
    context.geometry.heads = naive.heads
    if kind.isGrouped { context.geometry.keyValueHeads = naive.groups }
    context.geometry.isGated = [.coreLLaMA, .coreLLaMAInterleaved, .coreMixtral, .injectedLLaMA].contains(kind)
    switch kind {
    case .gpt2Version0, .gptNeoXVersion0: context.megatronLayout = .version0
    case .gpt2Version1, .gptNeoXVersion1: context.megatronLayout = .version1
    default: context.megatronLayout = .version2
    }
    context.fusedOrder = kind == .injectedBLOOM ? .heads : .blocks
    return context
  }

  private var arguments: TrainingArguments {
    TrainingArguments(kind == .coreLLaMAInterleaved ? ["rotary_interleaved": .boolean(true)] : [:])
  }

  /// The checkpoint as so many ranks would have saved it, and its files; nil where they could not have.
  func checkpoint(ranks: Int) throws -> (checkpoint: Checkpoint, files: MemoryFiles)? {
    var table = RoleTable(family, context)
    var files = MemoryFiles(files: Array(repeating: [], count: ranks))
    var tensors: [LogicalTensor] = []
    for (name, whole) in source {
      let entry = table.entry(of: name)
      let dealt = DealtTensor(
        whole: whole, role: entry?.role ?? .replicated, geometry: context.geometry, dtype: dtype)
      guard let held = try dealt.planned(mp: ranks) else { return nil }
      let shards = held.contents.enumerated().map { rank, content in
        let offset = files.files[rank].count
        files.files[rank] += content.bytes
        return StoredTensor(dtype: dtype, shape: content.shape, location: .init(file: rank, offset: offset))
      }
      var tensor = try ShardAssembler(geometry: context.geometry).assemble(
        name: name, role: entry?.role ?? .replicated, shards: shards
      ).tensor
      tensor.layer = entry?.layer
      tensors.append(tensor)
    }
    return (.synthetic(tensors, context: context, family: family, arguments: arguments), files)
  }

  // MARK: The tensors

  private mutating func numbers(_ shape: Int...) -> ElementArray {
    seed += 1
    return ElementArray(shape: shape, elementSize: dtype.byteSize ?? 1, seed: seed)
  }

  private mutating func same(_ name: String, _ other: String, _ shape: Int...) {
    seed += 1
    add(name, ElementArray(shape: shape, elementSize: dtype.byteSize ?? 1, seed: seed), [other], { [$0] })
  }

  private mutating func add(
    _ name: String, _ tensor: ElementArray, _ others: [String], _ change: (ElementArray) -> [ElementArray]
  ) {
    source.append((name, tensor))
    for (other, made) in zip(others, change(tensor)) { target[other] = made }
  }

  private mutating func make() {
    switch kind {
    case .gpt2Version0: gpt2 { $0.apartFromBlocks($1) }
    case .gpt2Version1: gpt2 { $0.apartFromRows($1) }
    case .gpt2Version2: gpt2 { $0.apartFromHeads($1) }
    case .gptNeoXVersion0: gptNeoX { $0.apartFromBlocks($1) }
    case .gptNeoXVersion1: gptNeoX { $0.apartFromRows($1) }
    case .gptNeoXVersion2: gptNeoX { $0.apartFromHeads($1) }
    case .coreLLaMA, .coreLLaMAInterleaved, .coreMixtral: core()
    case .coreGPT2: coreGPT2()
    case .injectedOPT:
      injected(
        "model.decoder.layers.0.", ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"], "self_attn.out_proj",
        ["fc1"], "fc2", ("model.decoder.embed_tokens", "model.decoder.final_layer_norm"))
    case .injectedGPTNeoX:
      injected(
        "gpt_neox.layers.0.", ["attention.query_key_value"], "attention.dense", ["mlp.dense_h_to_4h"],
        "mlp.dense_4h_to_h", ("gpt_neox.embed_in", "gpt_neox.final_layer_norm"))
    case .injectedBLOOM:
      injected(
        "transformer.h.0.", ["self_attention.query_key_value"], "self_attention.dense", ["mlp.dense_h_to_4h"],
        "mlp.dense_4h_to_h", ("transformer.word_embeddings", "transformer.ln_f"))
    case .injectedLLaMA:
      injected(
        "model.layers.0.", ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"], "self_attn.o_proj",
        ["mlp.gate_proj", "mlp.up_proj"], "mlp.down_proj", ("model.embed_tokens", "model.norm"))
    case .injectedGPT2:
      injected(
        "transformer.h.0.", ["attn.c_attn"], "attn.c_proj", ["mlp.c_fc"], "mlp.c_proj",
        ("transformer.wte", "transformer.ln_f"))
    }
  }

  private mutating func gpt2(_ apart: (NaiveHuggingFace, ElementArray) -> [ElementArray]) {
    let naive = naive
    let (from, to) = ("transformer.layers.0.", "transformer.h.0.")
    same("word_embeddings.weight", "transformer.wte.weight", 12, hidden)
    same("position_embeddings.weight", "transformer.wpe.weight", 3, hidden)
    same("\(from)input_layernorm.weight", "\(to)ln_1.weight", hidden)
    let attention = "\(from)attention.query_key_value"
    add("\(attention).weight", numbers(3 * hidden, hidden), ["\(to)attn.c_attn.weight"]) {
      [ElementArray.joined(apart(naive, $0)).transposed]
    }
    add("\(attention).bias", numbers(3 * hidden), ["\(to)attn.c_attn.bias"]) { [.joined(apart(naive, $0))] }
    add("\(from)attention.dense.weight", numbers(hidden, hidden), ["\(to)attn.c_proj.weight"]) { [$0.transposed] }
    same("\(from)post_attention_layernorm.bias", "\(to)ln_2.bias", hidden)
    add("\(from)mlp.dense_h_to_4h.weight", numbers(12, hidden), ["\(to)mlp.c_fc.weight"]) { [$0.transposed] }
    same("\(from)mlp.dense_h_to_4h.bias", "\(to)mlp.c_fc.bias", 12)
    add("\(from)mlp.dense_4h_to_h.weight", numbers(hidden, 12), ["\(to)mlp.c_proj.weight"]) { [$0.transposed] }
    same("transformer.final_layernorm.bias", "transformer.ln_f.bias", hidden)
  }

  private mutating func gptNeoX(_ apart: (NaiveHuggingFace, ElementArray) -> [ElementArray]) {
    let naive = naive
    let (from, to) = ("language_model.encoder.layers.0.", "gpt_neox.layers.0.")
    same("language_model.embedding.word_embeddings.weight", "gpt_neox.embed_in.weight", 12, hidden)
    same("\(from)input_layernorm.weight", "\(to)input_layernorm.weight", hidden)
    for (end, tensor) in [("weight", numbers(3 * hidden, hidden)), ("bias", numbers(3 * hidden))] {
      add("\(from)self_attention.query_key_value.\(end)", tensor, ["\(to)attention.query_key_value.\(end)"]) {
        [naive.headByHead(apart(naive, $0))]
      }
    }
    same("\(from)self_attention.dense.weight", "\(to)attention.dense.weight", hidden, hidden)
    same("\(from)mlp.dense_h_to_4h.weight", "\(to)mlp.dense_h_to_4h.weight", 12, hidden)
    same("\(from)mlp.dense_4h_to_h.weight", "\(to)mlp.dense_4h_to_h.weight", hidden, 12)
    same("language_model.encoder.final_layernorm.weight", "gpt_neox.final_layer_norm.weight", hidden)
    same("language_model.encoder.final_layernorm.bias", "gpt_neox.final_layer_norm.bias", hidden)
    same("language_model.output_layer.weight", "embed_out.weight", 12, hidden)
  }

  private mutating func core() {
    let naive = naive
    let (from, to) = ("decoder.layers.0.", "model.layers.0.")
    let rows = (naive.heads + 2 * naive.groups) * naive.headRows
    same("embedding.word_embeddings.weight", "model.embed_tokens.weight", 12, hidden)
    same("\(from)self_attention.linear_qkv.layer_norm_weight", "\(to)input_layernorm.weight", hidden)
    for (end, tensor) in [("weight", numbers(rows, hidden)), ("bias", numbers(rows))] {
      let names = ["q_proj", "k_proj", "v_proj"].map { "\(to)self_attn.\($0).\(end)" }
      add("\(from)self_attention.linear_qkv.\(end)", tensor, names) { fused in
        let parts = naive.apartFromGroups(fused)
        return naive.interleavedRows > 0 ? [naive.halves(parts[0]), naive.halves(parts[1]), parts[2]] : parts
      }
    }
    same("\(from)self_attention.linear_proj.weight", "\(to)self_attn.o_proj.weight", hidden, hidden)
    let mlp: [(String, [String], String, String)]
    if kind == .coreMixtral {
      let mixture = "\(to)block_sparse_moe."
      same("\(from)mlp.router.weight", "\(mixture)gate.weight", 2, hidden)
      mlp = (0..<2).map { expert in
        let name = "\(from)mlp.experts.local_experts.\(expert)."
        let experts = "\(mixture)experts.\(expert)."
        return (
          "\(name)linear_fc1.weight", ["\(experts)w1.weight", "\(experts)w3.weight"],
          "\(name)linear_fc2.weight", "\(experts)w2.weight"
        )
      }
    } else {
      mlp = [
        (
          "\(from)mlp.linear_fc1.weight", ["\(to)mlp.gate_proj.weight", "\(to)mlp.up_proj.weight"],
          "\(from)mlp.linear_fc2.weight", "\(to)mlp.down_proj.weight"
        )
      ]
    }
    same("\(from)pre_mlp_layernorm.weight", "\(to)post_attention_layernorm.weight", hidden)
    for (first, gateAndUp, second, down) in mlp {
      add(first, numbers(24, hidden), gateAndUp) { [$0.chunk(0, of: 2, axis: 0), $0.chunk(1, of: 2, axis: 0)] }
      same(second, down, hidden, 12)
    }
    same("decoder.final_layernorm.weight", "model.norm.weight", hidden)
    same("output_layer.weight", "lm_head.weight", 12, hidden)
  }

  private mutating func coreGPT2() {
    let naive = naive
    let (from, to) = ("decoder.layers.0.", "transformer.h.0.")
    same("embedding.word_embeddings.weight", "transformer.wte.weight", 12, hidden)
    same("embedding.position_embeddings.weight", "transformer.wpe.weight", 3, hidden)
    same("\(from)self_attention.linear_qkv.layer_norm_bias", "\(to)ln_1.bias", hidden)
    add("\(from)self_attention.linear_qkv.weight", numbers(3 * hidden, hidden), ["\(to)attn.c_attn.weight"]) {
      [ElementArray.joined(naive.apartFromGroups($0)).transposed]
    }
    add("\(from)mlp.linear_fc2.weight", numbers(hidden, 12), ["\(to)mlp.c_proj.weight"]) { [$0.transposed] }
  }

  private mutating func injected(
    _ layer: String, _ attention: [String], _ output: String, _ first: [String], _ second: String,
    _ others: (embedding: String, norm: String)
  ) {
    let (naive, kind) = (naive, kind)
    let isConvolution = kind == .injectedGPT2
    let turned = { (tensor: ElementArray) in isConvolution ? tensor : tensor.transposed }
    same("\(others.embedding).weight", "\(others.embedding).weight", 12, hidden)
    let norms = [
      Kind.injectedOPT: ("self_attn_layer_norm", "final_layer_norm"), .injectedGPT2: ("ln_1", "ln_2"),
    ]
    let (before, behind) = norms[kind] ?? ("input_layernorm", "post_attention_layernorm")
    same("\(layer)norm_w", "\(layer)\(before).weight", hidden)
    same("\(layer)mlp.attn_nw", "\(layer)\(behind).weight", hidden)
    for (name, end, tensor) in [
      ("attn_qkvw", "weight", numbers(hidden, 3 * hidden)), ("attn_qkvb", "bias", numbers(3 * hidden)),
    ] {
      add("\(layer)attention.\(name)", tensor, attention.map { "\(layer)\($0).\(end)" }) { fused in
        if kind == .injectedBLOOM || isConvolution { return [turned(fused)] }
        let parts = naive.apartFromBlocks(fused.transposed)
        return kind == .injectedGPTNeoX ? [naive.headByHead(parts)] : parts
      }
    }
    add("\(layer)attention.attn_ow", numbers(hidden, hidden), ["\(layer)\(output).weight"]) { [turned($0)] }
    add("\(layer)mlp.inter_w", numbers(hidden, 24), first.map { "\(layer)\($0).weight" }) { fused in
      guard kind == .injectedLLaMA else { return [turned(fused)] }
      return [fused.transposed.chunk(1, of: 2, axis: 0), fused.transposed.chunk(0, of: 2, axis: 0)]
    }
    let inner = kind == .injectedLLaMA ? 12 : 24
    add("\(layer)mlp.output_w", numbers(inner, hidden), ["\(layer)\(second).weight"]) { [turned($0)] }
    same("\(layer)mlp.output_b", "\(layer)\(second).bias", hidden)
    same("\(others.norm).weight", "\(others.norm).weight", hidden)
  }
}

extension NaiveModel.Kind {
  /// Whether keys and values may have fewer heads.
  var isGrouped: Bool { self == .coreLLaMA || self == .coreLLaMAInterleaved || self == .coreMixtral }
}
