import Testing

@testable import Loader

@Suite struct FalconTests {
  @Test(
    arguments: [
      (#"{"model_type":"falcon","num_attention_heads":71,"hidden_size":4544}"#, Role.FusedOrder.multiQuery, 1),
      (
        #"{"model_type":"falcon","num_attention_heads":4,"hidden_size":32,"multi_query":true,"num_kv_heads":4}"#,
        .multiQuery, 1
      ),
      (
        #"{"model_type":"falcon","num_attention_heads":128,"new_decoder_architecture":true,"num_kv_heads":8,"multi_query":true}"#,
        .groups, 8
      ),
      (#"{"model_type":"falcon","num_attention_heads":64,"multi_query":false}"#, .heads, nil),
      (#"{"model_type":"RefinedWeb","n_head":128,"n_head_kv":8}"#, .groups, 8),
      (#"{"model_type":"RefinedWebModel","n_head":71,"multi_query":true}"#, .multiQuery, 1),
    ] as [(String, Role.FusedOrder, Int?)])
  func theConfigurationSaysInWhichOrderTheFusedRowsAre(
    _ text: String, _ order: Role.FusedOrder, _ pairs: Int?
  ) throws {
    let context = try FamilyTable.context(.falcon, configuration: text)
    #expect(context.fusedOrder == order)
    #expect(context.geometry.keyValueHeads == pairs)
    var table = FamilyTable(.falcon, context)
    table.check([("transformer.h.0.self_attention.query_key_value.weight", .fusedQKV(order))])
  }

  @Test func aSwitchThatIsNoTruthValueIsRefused() {
    #expect(throws: LoaderError.self) {
      try FamilyTable.context(.falcon, configuration: #"{"model_type":"falcon","multi_query":"yes"}"#)
    }
  }

  @Test func everyNameHasItsRole() {
    var table = FamilyTable(.falcon)
    table.check([
      ("transformer.word_embeddings.weight", .vocabulary), ("transformer.h.3.ln_attn.weight", .replicated),
      ("transformer.h.3.ln_mlp.bias", .replicated), ("transformer.h.3.input_layernorm.weight", .replicated),
      ("transformer.h.3.self_attention.dense.weight", .row), ("transformer.h.3.mlp.dense_h_to_4h.weight", .column),
      ("transformer.h.3.mlp.dense_4h_to_h.weight", .row), ("transformer.ln_f.bias", .replicated),
      ("lm_head.weight", .vocabulary), ("transformer.h.3.mlp.dense_h_to_4h.scales", nil),
    ])
  }
}
