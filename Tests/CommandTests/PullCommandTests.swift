import ArgumentParser
import Testing
import WeightServerClient

@testable import Command

@Suite struct PullCommandTests {
  @Test func parametersKeepTheContractsNamesAndOrder() throws {
    let arguments = [
      "--tensors", "a,b", "--names", "hf", "--dtype", "float16", "--quantize", "int8", "--group-size", "64",
      "--mlp-extra-grouping", "--pp", "2", "--pp-rank", "1", "--ep", "4", "--ep-rank", "3", "--embeddings", "whole",
      "--vocab-multiple", "128", "--vocab-size", "50257", "--revision", "r",
    ]
    let options = try ParameterOptions.parse(arguments)
    #expect(
      options.pairs.map { "\($0.name)=\($0.value)" } == [
        "names=hf", "dtype=float16", "quantize=int8", "group_size=64", "mlp_extra_grouping=true", "pp=2", "pp_rank=1",
        "ep=4", "ep_rank=3", "embeddings=whole", "vocab_multiple=128", "vocab_size=50257", "tensors=a,b",
      ])
    #expect(options.revision == "r")
    #expect(try ParameterOptions.parse([]).pairs.isEmpty)
  }

  @Test(arguments: [("0-7", 0, 7), ("3", 3, 3), ("2-2", 2, 2)])
  func rangesOfRanks(text: String, first: Int, last: Int) {
    #expect(RankRange(argument: text)?.range == first...last)
  }

  @Test(arguments: ["", "-", "1-", "-1", "3-2", "a-b", "0-1-2", "0-99999999"])
  func whatIsNoRangeOfRanksIsRefused(text: String) {
    #expect(RankRange(argument: text) == nil)
  }

  @Test(arguments: [
    ["--mp", "2", "http://a"], ["--mp", "2", "--rank", "0", "--ranks", "0-1", "http://a"], ["--rank", "0", "http://a"],
    ["--mp", "2", "--rank", "0"],
  ])
  func badUsageIsSaidBeforeAnythingIsSent(arguments: [String]) {
    let error = #expect(throws: (any Error).self) { try PullCommand.parse(arguments) }
    #expect(error.map { PullCommand.exitCode(for: $0).rawValue } == Command.ExitStatus.usage.rawValue)
  }

  @Test(
    arguments: [
      (nil, "m-rank-0-of-4.safetensors", "m-rank-{rank}-of-{mp}.safetensors"),
      (nil, nil, "rank-{rank}-of-{mp}.safetensors"), (nil, "odd", "rank-{rank}-of-{mp}.safetensors"),
      ("out/", nil, "out/rank-{rank}-of-{mp}.safetensors"), ("/", nil, "/rank-{rank}-of-{mp}.safetensors"),
      ("x{rank}", nil, "x{rank}"),
    ] as [(String?, String?, String)])
  func filesAreNamedByOptionOrServer(output: String?, suggestion: String?, template: String) throws {
    let found = try PullOutput(ranks: 0...1, mp: 4, suggestion: suggestion).template(output)
    #expect(found == FileTemplate(template))
  }

  @Test func oneFileForSeveralRanksIsRefused() throws {
    #expect(throws: WeightClientError.self) {
      try PullOutput(ranks: 0...1, mp: 4, suggestion: nil).template("x")
    }
    #expect(try PullOutput(ranks: 1...1, mp: 4, suggestion: nil).template("x") == FileTemplate("x"))
  }

  @Test(
    arguments: [
      (.request, .invalidArgument, .usage), (.connection, .unavailable, .unavailable),
      (.connection, .deadlineExceeded, .unavailable), (.content, .dataLoss, .data), (.local, .notFound, .inputOutput),
      (.local, .resourceExhausted, .inputOutput), (.server, .invalidArgument, .usage),
      (.server, .failedPrecondition, .usage), (.server, .notFound, .missing), (.server, .dataLoss, .data),
      (.server, .unavailable, .unavailable), (.server, .resourceExhausted, .unavailable),
      (.server, .internalError, .unavailable), (.server, .unauthenticated, .usage),
    ] as [(WeightClientError.Origin, WeightClientError.Code, Command.ExitStatus)])
  func errorsEndWithTheirStatus(
    origin: WeightClientError.Origin, code: WeightClientError.Code, status: Command.ExitStatus
  ) {
    #expect(Command.ExitStatus(WeightClientError(origin, code, "x")) == status)
  }
}
