import { openApiDocument } from '@tallylight/protocol/openapi/document.ts';
import type { Route } from '@tallylight/protocol/route.ts';
import { referenceRoutes } from '@tallylight/protocol/routes/reference.ts';
import { PAGE_CSP, referencePage } from './reference-page.ts';
import { ApiReply, type ApiRoutes } from './route-handler.ts';

/** A description may be kept for so long: it changes with the program alone. */
const KEEP = 'public, max-age=300';

/** Adds `/api/openapi.json` and `/api/docs`, made once of the routes that the API has when they are first asked for. */
export function addReferenceRoutes(
  api: ApiRoutes & { readonly routes: readonly Route[] },
  version: string,
): void {
  let document: ReturnType<typeof openApiDocument> | undefined;
  let page: string | undefined;
  const describe = (): ReturnType<typeof openApiDocument> =>
    (document ??= openApiDocument(api.routes, version));
  api.on(
    referenceRoutes.openapi,
    async () => new ApiReply(describe(), { headers: { 'Cache-Control': KEEP } }),
  );
  api.on(referenceRoutes.docs, async () => {
    page ??= referencePage(describe());
    return new ApiReply(page, { headers: { 'Cache-Control': KEEP, 'Content-Security-Policy': PAGE_CSP } });
  });
}
