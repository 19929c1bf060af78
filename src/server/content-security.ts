/**
 * What pages with Swagger UI may load. The package's own policy asks browsers to upgrade to HTTPS, which a gateway without TLS cannot
 * answer, and lets other hosts in.
 */
export const contentSecurityPolicy: string = [
  "default-src 'self'",
  "base-uri 'self'",
  "font-src 'self' data:",
  "frame-ancestors 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "script-src 'self'",
  "script-src-attr 'none'",
  "style-src 'self' 'unsafe-inline'",
].join('; ');

/** What pages of our own may load: their files, and the gateway's answers. */
export const ownPagePolicy: string = [
  "default-src 'none'",
  "base-uri 'none'",
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  "img-src 'self' data:",
  "script-src 'self'",
  "style-src 'self'",
].join('; ');
