enum AttachmentsPlaceholder {}
