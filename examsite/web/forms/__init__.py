"""Every form of the product. Forms check shape; whether an act is allowed is the rule's business."""
