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
