/// Rows of cells as lines of aligned columns, the first row being the heading.
struct TextTable {
  /// The rows; all have as many cells as the first.
  var rows: [[String]]

  /// The lines, without spaces at their ends.
  var lines: [String] {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = zip(row, widths).map { HumanText.left($0, $1) }.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
  }
}
