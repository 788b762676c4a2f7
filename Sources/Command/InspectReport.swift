import Loader

/// What `inspect` prints for a person.
struct InspectReport {
  private let checkpoint: Checkpoint
  private let plan: PartitionPlan?
  private let errors: [String: QuantizationReport.Row]
  private let mapping: HuggingFaceMapping?

  /// - Parameters:
  ///   - report: what quantization costs, where it was measured.
  ///   - mapping: how the source's tensors become Hugging Face's, where that is asked for.
  init(
    _ checkpoint: Checkpoint, _ plan: PartitionPlan?, _ report: QuantizationReport?, _ mapping: HuggingFaceMapping?
  ) {
    self.checkpoint = checkpoint
    self.plan = plan
    self.mapping = mapping
    errors = Dictionary((report?.rows ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The text, lines aligned.
  var text: String {
    var text = checkpoint.name + "\n"
    for (label, value) in facts { text += "  \(HumanText.left(label, 10)) \(value)\n" }
    if !checkpoint.warnings.isEmpty {
      text += "\nWarnings\n"
      for warning in checkpoint.warnings { text += "  \(warning)\n" }
    }
    if let mapping { text += "\n" + InspectReport.aligned(InspectReport.rows(of: mapping)) }
    if mapping == nil || plan != nil { text += "\n" + table }
    return text
  }

  private var facts: [(String, String)] {
    let split = checkpoint.parallelization
    var facts = [
      ("type", checkpoint.sourceType),
      ("family", checkpoint.family.name),
      ("source", "tp \(split.tensor) x pp \(split.pipeline)"),
    ]
    if let version = checkpoint.version { facts.append(("version", version)) }
    if let key = checkpoint.moduleKey { facts.append(("module key", key.escaped)) }
    facts.append(("revision", checkpoint.revision))
    facts.append(("files", "\(checkpoint.files.count)"))
    facts.append(("tensors", "\(checkpoint.tensors.count), \(HumanText.bytes(Double(checkpoint.byteCount)))"))
    facts.append(("possible", "mp " + checkpoint.possibleDegrees.map(String.init).joined(separator: ", ")))
    for (index, reason) in checkpoint.reasons.enumerated() { facts.append((index == 0 ? "because" : "", reason)) }
    if let plan { facts.append(("partition", partition(plan))) }
    return facts
  }

  private func partition(_ plan: PartitionPlan) -> String {
    let costs = plan.costs
    return
      "rank \(plan.parameters.rank) of mp \(plan.parameters.mp): \(HumanText.bytes(Double(plan.length))), of which "
      + "\(HumanText.bytes(Double(costs.direct))) direct, \(HumanText.bytes(Double(costs.gathered))) gathered"
      + (costs.transformed == 0 ? "" : ", \(HumanText.bytes(Double(costs.transformed))) computed")
  }

  private var table: String {
    var rows = [["TENSOR", "DTYPE", "SHAPE", "RULE"]]
    if let plan {
      let isPlain = plan.tensors.allSatisfy { $0.scheme.name == "native" }
      rows[0] = ["TENSOR", "DTYPE", "SHAPE", "HELD", "RULE"] + (isPlain ? [] : ["SCHEME"])
      if !errors.isEmpty { rows[0] += ["MAX ERROR", "MEAN SQUARED ERROR"] }
      for tensor in plan.tensors {
        var row = [
          tensor.name.escaped, tensor.dtype.rawValue, "\(tensor.wholeShape)", "\(tensor.shape)",
          tensor.scheme.of == nil ? tensor.rule.description : "-",
        ]
        if !isPlain { row.append(tensor.scheme.description) }
        if !errors.isEmpty {
          let error = errors[tensor.name]
          row += [error?.maximumError, error?.meanSquaredError].map { $0.map(HumanText.significant) ?? "" }
        }
        rows.append(row)
      }
    } else {
      for tensor in checkpoint.tensors {
        let rule = checkpoint.rule(of: tensor)?.description ?? "-"
        rows.append([tensor.name.escaped, tensor.dtype.rawValue, "\(tensor.shape)", rule])
      }
    }
    return InspectReport.aligned(rows)
  }

  /// What becomes of each of the source's tensors, a line each.
  private static func rows(of mapping: HuggingFaceMapping) -> [[String]] {
    [["SOURCE", "SHAPE", "BECOMES", "SHAPE", "BY"]]
      + mapping.lines.map { line in
        [
          line.source.escaped, "\(line.sourceShape)", line.target?.escaped ?? "-",
          line.target == nil ? "-" : "\(line.targetShape)", line.operation,
        ]
      }
  }

  private static func aligned(_ rows: [[String]]) -> String {
    TextTable(rows: rows).lines.map { $0 + "\n" }.joined()
  }
}
