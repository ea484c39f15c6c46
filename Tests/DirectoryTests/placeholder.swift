import Testing
@Test func placeholderDirectory() {}
