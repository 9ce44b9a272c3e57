// Room: Hardware
