/// One family of metrics of `/metrics`, in Prometheus' sense: a name, what it means, and its numbers at a moment.
struct Metric: Sendable {
  /// What kind of numbers they are.
  enum Kind: String, Sendable {
    /// It only grows; its name ends with `_total`.
    case counter
    /// It goes up and down.
    case gauge
    /// Times in classes.
    case histogram
  }

  /// One number.
  struct Sample: Sendable {
    /// What is appended to the family's name: `_bucket`, `_sum` and `_count` of histograms.
    var suffix = ""
    /// Names and values; the values of a name must be few.
    var labels: [(name: String, value: String)] = []
    /// The number.
    var value: Double

    /// A number with labels.
    init(_ value: Int, _ labels: [(name: String, value: String)] = []) {
      self.init(Double(value), labels)
    }

    /// A number with labels.
    init(_ value: Double, _ labels: [(name: String, value: String)] = []) {
      self.value = value
      self.labels = labels
    }
  }

  /// The name, by Prometheus' conventions: prefix, thing, base unit.
  let name: String
  /// What kind of numbers they are.
  let kind: Kind
  /// What it means, in one line.
  let help: String
  /// The numbers of a moment.
  let samples: @Sendable (MonitorSnapshot) -> [Sample]

  init(
    _ name: String, _ kind: Kind, _ help: String, _ samples: @escaping @Sendable (MonitorSnapshot) -> [Sample]
  ) {
    self.name = name
    self.kind = kind
    self.help = help
    self.samples = samples
  }

  /// A metric of one number, which is not there where that is not known.
  static func single(
    _ name: String, _ kind: Kind, _ help: String, _ value: @escaping @Sendable (MonitorSnapshot) -> Int?
  ) -> Metric {
    Metric(name, kind, help) { snapshot in value(snapshot).map { [Sample($0)] } ?? [] }
  }
}

extension [Metric.Sample] {
  /// The samples of a histogram.
  init(_ histogram: Histogram.Snapshot, _ labels: [(name: String, value: String)]) {
    self = []
    for (index, count) in histogram.cumulative.enumerated() {
      let bound = index < histogram.bounds.count ? MetricsText.format(histogram.bounds[index]) : "+Inf"
      var sample = Metric.Sample(count, labels + [("le", bound)])
      sample.suffix = "_bucket"
      append(sample)
    }
    var sum = Metric.Sample(histogram.sum, labels)
    sum.suffix = "_sum"
    var count = Metric.Sample(histogram.count, labels)
    count.suffix = "_count"
    append(sum)
    append(count)
  }
}
