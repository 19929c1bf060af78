// @ts-check
// Swagger UI of one service.

const place = document.getElementById('swagger-ui');
// @ts-expect-error: the bundle sets it
globalThis.SwaggerUIBundle({
  domNode: place,
  url: place?.dataset.url,
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: 'list',
  tryItOutEnabled: true,
  validatorUrl: null,
});
