import Testing
@Test func placeholderCases() {}
