//! Known answers: signatures of the text [`MESSAGE`], made by OpenSSL with keys that were thrown away.
//! All are base64url.

/// What is signed.
pub(super) const MESSAGE: &[u8] = b"known answer";

/// The exponent of the RSA key: 65537.
pub(super) const RSA_EXPONENT: [u8; 3] = [1, 0, 1];

/// The modulus of the RSA key.
pub(super) const RSA_MODULUS: &str = "\
    t3QediSR-iiVqU3DjqNQn7Qh0IESuUZVxi82q_ayLYWRE09qxPTq7t1RMRrai4plWgr0Pq6qssew16DV8pt6VC\
    fKIxfvzoh4y9mENxeovIZ5KkESu4vihsEUOb5jzohPWKE3nSo9wLmGhaazqLWklkqJfBIvbQXj5TlEjens73YH\
    hFpxWMZqojJNi64OQO5WZzAiOzN-4AObGkEDk2HIgOXv1z4nU8LlCMBlKGBTN1815gadpLor_ImXZ2kpCJ5QuF\
    LnV8linxD_cpbBUhwm6hgEIBuxr2xzhnu8xRLqsqVBx1FPiyNhMCtmr_XZkUJz8HPS8clpx3z33-RRYzfHWQ";

/// The RSA key, with SHA-256.
pub(super) const RS256: &str = "\
    kbUSXuwsX19H97yFMxLjRLRZ1U9Xbyy5nFzK4m3Ik2UCXfimWuO8rEDBdXcOAbMQ6EMTvoUtu-iwIp0FcoJrBd\
    ZYrqgEIEOVurXunochphMKIOnuTsKwEdSExp6AErQ3AQmjaHCzJOcf2EOxXXtLr7U1_IzdB8qq6AGQIonrzN_N\
    5QCDaaAhQp88XQ4IMsir4gqIcTUwn1LsDUC2PnTsgMVBCOWq1uv5F89XvfWGemxIee1HpfE65fd5jag1odKRn-\
    gNVGXv5A5mq-AF1cJK0p4Lpui5UyQDjbp_pkzdjgRIGlKw2cPNzzEx8egyMdjxMHRdUqjnR0gqj3c1iGK0eQ";

/// The RSA key, with SHA-384.
pub(super) const RS384: &str = "\
    n0UlgZldQT0wSSdykDDD5IPh_uyj0O1ur17lrNwzl0Y4WfzmQGG0SFPl5eOZprHAV50URTmAaTl_1IZM2m9VdN\
    R_XCuRAEBjVLyj0BUnRJU5O9qeufOO6UuqBc3geZ46kR_Xi9M9bzr-d8lEWQAiqm7H7T9a8e0eXIA4kMKlJ-4O\
    Kxfp50WkLcKrOEeEEaU90bF_YSbz66uzDM7vgf83SQOSCay60GZhuy2A8qfdTMltP3zH7gwE3KTT8Mfslc202r\
    YhkkPfSzZp3zDC1jiG_kuItP6xLdHyxIXsw4wWDUz2dzVQ1reRv88YDMhLT_SddmRUKH9sUQPwKuFAHCFPPg";

/// The RSA key, with SHA-512.
pub(super) const RS512: &str = "\
    X2FESOUOSO-yLgJz9aFyWnvBTNocFi1fjA9CGdQkC2JXuFzHwFwiYgEPa7g4QMXVWkVNfhETNlSxerctKxoYr4\
    kfD0J-7itd_6E9xCl72DpOhFkRR1V1cTKCtvqvX-c8cXJ88s9hJXmw46ty2KxXHfenA7b65-9CJGoihB9MIPML\
    xssudVp2SNHZ6AOzqy9sffhhvRSv6Xijwfzs6xGWAGsbaxSwxhgQQRz2xGovhVMsWT6EAQBR_pMuQrASacECpR\
    7dzjSoNhiQtvqW_tlsEqbnwTGXJarMGs9uo6F6W5iVtfQcZlKmMJQ_TDXNQwZPtbQ2vNmtP6lp3IZTgygB5A";

/// The point of the P-256 key.
pub(super) const P256_POINT: &str = "\
    BDuxQB4O3X_sPLmtxo_7UYLaKls0g1CrCeGi7AIgt-y9pT1PR7pKYQKAhm_7vdnHZ7ZosV7wotdKqST9EsBNw6\
    c";

/// The P-256 key, with SHA-256.
pub(super) const ES256: &str = "\
    722uAnfH9z8n-JoeEi8wOzNy6B4U6uPcbhhVhwNWN0KPN20XzTTG_AF0gLGWrjvkYyJDMrL6neGfy_iJjBGZTw";

/// The point of the P-384 key.
pub(super) const P384_POINT: &str = "\
    BEfNcxgAulbm7I1hx4uB3UEWJgUVd_YqrB1ED6VGSEUIrppiH1D6viNYXLCW0QGNcuvNCnqUOut0rqAb0a8_gH\
    RbWSbwU7T8T2ZnyBVFj7sfL1WAIuYuSEzeume9-fyOIw";

/// The P-384 key, with SHA-384.
pub(super) const ES384: &str = "\
    V8LRI1MZfFepRwhob50GvkJH8oiMBuUvwZVsirvleKvjjJ10AeN-RIfXMZQlUADuLCkhgh4j4g3Af55gkIkUMr\
    4ASMgO3xzDd-y8JXCn_lBr3ksdKxzaeCWiql5r5epu";
