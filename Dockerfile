# The bundle alone on a pinned Node, as a user that owns nothing. `hack/image/build.ts` carries these steps out where there is
# no container engine. Kubernetes probes /healthz and /readyz, so that there is no HEALTHCHECK.
ARG NODE=node:24.21.0-bookworm-slim

FROM ${NODE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --strict-allow-scripts --loglevel=error
COPY hack/build.ts hack/bundle.ts hack/undici.mjs hack/
COPY hack/image/sbom.ts hack/image/bill-of-materials.ts hack/image/
COPY src src
RUN node_modules/.bin/node hack/build.ts && node_modules/.bin/node hack/image/sbom.ts

FROM ${NODE}
ARG REVISION=unknown
LABEL org.opencontainers.image.title="imagestream-operator" \
      org.opencontainers.image.description="OpenShift image streams on any Kubernetes cluster" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/node:24.21.0-bookworm-slim"
COPY --from=build /src/dist /app
USER 65532:65532
# Of memory that nothing uses any more, V8, its compiler threads and malloc would keep far more than they save time with here.
# WebAssembly is the parser of HTTP: to optimize its one large function leaves malloc some MiB in pieces and saves nothing that
# can be measured. Node's own start-up image is never let go: to do without it takes a twentieth of a second once. Young garbage is
# cleared away a hundred times a minute, and little of it each time: to wake four threads for that costs more than they do. Old
# garbage is cleared away when there is too much of it: to do so every minute or two, as V8 does in what has little to do, saves 4 MiB
# and takes up to a fifth of all CPU where tags are checked all the time. Nor does V8 make old what is made where much lived on while a
# thousand images were imported at once: each check would leave 8 kB of it behind, to be cleared away once a minute, another fifth.
ENV MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072
ENTRYPOINT ["node", "--max-semi-space-size=1", "--no-parallel-scavenge", "--no-concurrent-recompilation", "--liftoff-only", \
            "--no-node-snapshot", "--no-memory-reducer", "--no-allocation-site-pretenuring", "/app/imagestream-operator.mjs"]
