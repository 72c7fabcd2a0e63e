# Node 24 comes from the npm package `node`; the tools are called through this PATH so that `env node` finds it.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

JEST := node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js
SOURCES := $(shell find src -name '*.ts' 2>/dev/null)

.PHONY: help install build run test verify generate manifests format sbom image e2e bench clean

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: node_modules/.package-lock.json ## install what the lock file names (npm only, nothing system-wide)

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --strict-allow-scripts --no-audit --no-fund --loglevel=error
	@touch $@

build: dist/imagestream-operator.mjs ## bundle to dist/

dist/imagestream-operator.mjs: node_modules/.package-lock.json $(SOURCES) hack/build.ts hack/bundle.ts
	node hack/build.ts

sbom: build ## what is in the bundle and the image, as CycloneDX: dist/sbom.cdx.json
	node hack/image/sbom.ts

image: install ## the container image (IMAGE=name:tag), or, without a container engine, the steps of the Dockerfile
	node hack/image/build.ts

run: build ## the operator with an API server and a registry of its own, until Ctrl-C (FOR=60s: until a tag has moved)
	@node dist/imagestream-operator.mjs dev $(if $(FOR),--for $(FOR)) $(ARGS)

test: install ## unit, house and integration tests (npm only)
	$(JEST) -w 2 --workerIdleMemoryLimit=250MB --selectProjects unit house integration

verify: install ## format, lint, types, generated files fresh, house rules
	biome ci --colors=off --error-on-warnings
	tsc -p .
	node hack/generate.ts --check
	$(JEST) --selectProjects house

generate: install ## write the generated files (CRDs, schemas, option tables)
	node hack/generate.ts

manifests: generate ## render manifests/install from the Helm chart (fetches helm where there is none)
	node hack/tools/fetch.ts helm
	node hack/chart/render.ts

format: install ## format and apply safe lint fixes
	biome check --write

e2e: build ## the import suite against a real registry, the operator against a real control plane (needs Go or KUBEBUILDER_ASSETS)
	node hack/debian/fetch.ts docker-registry skopeo prometheus
	node hack/tools/fetch.ts kubectl helm
	node hack/control-plane/build.ts
	node hack/chart/render.ts --check
	$(JEST) --selectProjects e2e --runInBand

bench: build ## figures as ratios measured in one run (BOUNDS=1 fails when one is missed, ONLY=cost,sync measures some)
	node hack/debian/fetch.ts docker-registry
	node hack/control-plane/build.ts
	node --expose-gc test/bench/main.ts

clean: ## remove what was built and installed
	rm -rf dist coverage node_modules
