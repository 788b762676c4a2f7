extension PartitionParameters {
  /// The groups of quantized tensors, defaults filled in.
  var grouping: Grouping {
    let amount: Grouping.Amount =
      if let groupSize { .size(groupSize) } else if let groups { .groups(groups) } else { quantization.usualGroups }
    return Grouping(amount: amount, isExtra: hasExtraGrouping, mp: mp)
  }
}

extension PartitionParameters.Quantization {
  /// The groups of a tensor where nothing is said of them.
  var usualGroups: Grouping.Amount { self == .int4 ? .size(64) : .groups(64) }
}

extension Grouping {
  /// The parameters that ask for these groups, those at their default left out.
  func canonical(for quantization: PartitionParameters.Quantization) -> [String] {
    var fields: [String] = []
    if amount != quantization.usualGroups {
      switch amount {
      case .groups(let groups): fields.append("groups=\(groups)")
      case .size(let size): fields.append("group_size=\(size)")
      }
    }
    if isExtra { fields.append("mlp_extra_grouping=true") }
    return fields
  }
}
