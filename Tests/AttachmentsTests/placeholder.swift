import Testing
@Test func placeholderAttachments() {}
