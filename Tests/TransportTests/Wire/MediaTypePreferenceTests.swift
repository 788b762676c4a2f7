import Testing

@testable import Transport

@Suite struct MediaTypePreferenceTests {
  @Test(arguments: [
    (nil, false), ("*/*", false), ("", false), ("text/html", true), ("application/json", false), ("text/*", true),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", true),
    ("text/html;q=0.5, application/json", false), ("text/html, application/json;q=0.9", true),
    ("text/html, application/json", false), ("TEXT/HTML;level=1;Q=0.9", true), ("text/html;q=0, */*", false),
    ("text/*;q=0.3, text/html;q=0.7, */*;q=0.5", true), ("text/html;q=nonsense", false), ("text/html;q=nan", false),
    (",,;q=1,/", false), ("application/*", false),
  ])
  func aBrowserGetsAPageAndEveryoneElseJSON(accept: String?, prefersPage: Bool) {
    #expect(MediaTypePreference.prefers("text/html", to: "application/json", in: accept) == prefersPage)
  }
}
