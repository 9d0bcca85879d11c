/** For tests outside this package: slices and a store of their own, without the process around them. Not part of the server. */
export { createCatalogueSlice } from "./features/catalogue/index.ts";
export { createHostsSlice, type HostsSlice, type HostsSliceOptions } from "./features/hosts/index.ts";
export type { MailbrakeApp } from "./platform/mailbrake-app.ts";
export { as, buildTestApp } from "./platform/test-app.ts";
export { createTestStore, type TestStore } from "./platform/test-store.ts";
