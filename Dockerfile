# The command in an image without a shell: Node and what the package needs, run by nobody in particular.
#
#     docker build -t tandem .
#     docker run --rm --read-only -p 8080:8080 tandem serve --demo --host 0.0.0.0

FROM node:24-trixie-slim AS build
WORKDIR /app
# Dependencies change less often than sources: their layer is kept.
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tandem.schema.json ./
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund
COPY protos protos
COPY public public
COPY templates templates
COPY LICENSE SECURITY.md ./

FROM gcr.io/distroless/nodejs24-debian13:nonroot
LABEL org.opencontainers.image.title="Tandem" \
      org.opencontainers.image.description="gRPC-REST transcoding gateway" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
COPY --from=build /app /app
# A tandem.yaml mounted here is read without asking; relative paths start from its folder.
WORKDIR /etc/tandem
USER nonroot
EXPOSE 8080
# Node is process 1: the gateway heeds SIGTERM and SIGHUP itself.
# Why the flag: docs/scaling.md.
ENTRYPOINT ["/nodejs/bin/node", "--single-threaded-gc", "/app/dist/cli.js"]
CMD ["serve", "--host", "0.0.0.0"]
