import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { ApiError } from "./api/api-error.ts";
import { sessionQuery } from "./api/queries.ts";
import { parseNext } from "./features/access/next-place.ts";
import { parseAuditSearch } from "./features/audit/audit-search.ts";
import { parseBoardSearch } from "./features/board/board-search.ts";
import { parseBrakesSearch, parseComposerSearch } from "./features/brakes/brake-search.ts";
import {
  parseActionsSearch,
  parseActSearch,
  parseQueueSearch,
  parseQueuesSearch,
} from "./features/queues/queue-search.ts";
import { FailedScreen, NoSuchScreen } from "./shell/FailedScreen.tsx";
import { Shell } from "./shell/Shell.tsx";

// The whole site map. What a screen shows (filters, selection, step) stands in its search, so that a URL can be sent to a colleague.

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NoSuchScreen,
  errorComponent: FailedScreen,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: parseNext,
  component: lazyRouteComponent(() => import("./features/access/SignInPage.tsx"), "SignInPage"),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyRouteComponent(() => import("./features/access/SetupPage.tsx"), "SetupPage"),
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queryClient.ensureQueryData(sessionQuery);
    } catch (cause) {
      if (cause instanceof ApiError && cause.code === "not-signed-in") {
        throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { next: location.href } });
      }
      throw cause;
    }
  },
  component: Shell,
});

const board = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  validateSearch: parseBoardSearch,
  component: lazyRouteComponent(() => import("./features/board/BoardPage.tsx"), "BoardPage"),
});

const composer = createRoute({
  getParentRoute: () => signedIn,
  path: "/brake",
  validateSearch: parseComposerSearch,
  component: lazyRouteComponent(() => import("./features/brakes/ComposerPage.tsx"), "ComposerPage"),
});

const brakes = createRoute({
  getParentRoute: () => signedIn,
  path: "/brakes",
  validateSearch: parseBrakesSearch,
  component: lazyRouteComponent(() => import("./features/brakes/BrakesPage.tsx"), "BrakesPage"),
});

const brake = createRoute({
  getParentRoute: () => signedIn,
  path: "/brakes/$brakeId",
  component: lazyRouteComponent(() => import("./features/brakes/BrakePage.tsx"), "BrakePage"),
});

const blockPoint = createRoute({
  getParentRoute: () => signedIn,
  path: "/block-points/$blockPointId",
  component: lazyRouteComponent(() => import("./features/catalogue/BlockPointPage.tsx"), "BlockPointPage"),
});

const newExternalPoint = createRoute({
  getParentRoute: () => signedIn,
  path: "/external-points/new",
  component: lazyRouteComponent(() => import("./features/manual/NewExternalPointPage.tsx"), "NewExternalPointPage"),
});

const externalPoint = createRoute({
  getParentRoute: () => signedIn,
  path: "/external-points/$externalPointId",
  component: lazyRouteComponent(() => import("./features/manual/ExternalPointPage.tsx"), "ExternalPointPage"),
});

const queues = createRoute({
  getParentRoute: () => signedIn,
  path: "/queues",
  validateSearch: parseQueuesSearch,
  component: lazyRouteComponent(() => import("./features/queues/QueuesPage.tsx"), "QueuesPage"),
});

const queue = createRoute({
  getParentRoute: () => signedIn,
  path: "/queues/$instanceId",
  validateSearch: parseQueueSearch,
  component: lazyRouteComponent(() => import("./features/queues/QueuePage.tsx"), "QueuePage"),
});

const queueAct = createRoute({
  getParentRoute: () => signedIn,
  path: "/queues/act",
  validateSearch: parseActSearch,
  component: lazyRouteComponent(() => import("./features/queues/ActPage.tsx"), "ActPage"),
});

const queueActions = createRoute({
  getParentRoute: () => signedIn,
  path: "/queues/actions",
  validateSearch: parseActionsSearch,
  component: lazyRouteComponent(() => import("./features/queues/QueueActionsPage.tsx"), "QueueActionsPage"),
});

const queueAction = createRoute({
  getParentRoute: () => signedIn,
  path: "/queues/actions/$queueActionId",
  component: lazyRouteComponent(() => import("./features/queues/QueueActionPage.tsx"), "QueueActionPage"),
});

const hosts = createRoute({
  getParentRoute: () => signedIn,
  path: "/hosts",
  component: lazyRouteComponent(() => import("./features/hosts/HostsPage.tsx"), "HostsPage"),
});

const enrol = createRoute({
  getParentRoute: () => signedIn,
  path: "/hosts/enrol",
  component: lazyRouteComponent(() => import("./features/hosts/EnrolPage.tsx"), "EnrolPage"),
});

const host = createRoute({
  getParentRoute: () => signedIn,
  path: "/hosts/$hostId",
  component: lazyRouteComponent(() => import("./features/hosts/HostPage.tsx"), "HostPage"),
});

const audit = createRoute({
  getParentRoute: () => signedIn,
  path: "/audit",
  validateSearch: parseAuditSearch,
  component: lazyRouteComponent(() => import("./features/audit/AuditPage.tsx"), "AuditPage"),
});

const users = createRoute({
  getParentRoute: () => signedIn,
  path: "/users",
  component: lazyRouteComponent(() => import("./features/access/UsersPage.tsx"), "UsersPage"),
});

const account = createRoute({
  getParentRoute: () => signedIn,
  path: "/account",
  component: lazyRouteComponent(() => import("./features/access/AccountPage.tsx"), "AccountPage"),
});

const routeTree = root.addChildren([
  signIn,
  setup,
  signedIn.addChildren([
    board,
    composer,
    brakes,
    brake,
    blockPoint,
    newExternalPoint,
    externalPoint,
    queues,
    queue,
    queueAct,
    queueActions,
    queueAction,
    hosts,
    enrol,
    host,
    audit,
    users,
    account,
  ]),
]);

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: "intent",
    scrollRestoration: true,
    defaultErrorComponent: FailedScreen,
    defaultNotFoundComponent: NoSuchScreen,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
