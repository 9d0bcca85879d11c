import "@mantine/core/styles.css";
import "./global.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createQueryClient } from "./api/query-client.ts";
import { createAppRouter } from "./routes.tsx";
import { cssVariables, theme } from "./theme.ts";

const queryClient = createQueryClient({
  onSignedOut: () => {
    const here = router.state.location;
    if (here.pathname === "/sign-in" || here.pathname === "/setup") return;
    queryClient.clear();
    void router.navigate({ to: "/sign-in", search: { next: here.href } });
  },
});
const router = createAppRouter(queryClient);

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element with id root");
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
