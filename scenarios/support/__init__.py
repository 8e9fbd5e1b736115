"""Networks, images and landscapes that several scenarios share."""
