import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useState } from "react";
import { createBrowserRouter, Navigate, RouterProvider } from "react-router";
import { ApiFailure } from "./api/failure.ts";
import { Layout } from "./layout.tsx";
import { ActivityPage } from "./pages/activity.tsx";
import { ClusterPage } from "./pages/cluster.tsx";
import { ClustersPage } from "./pages/clusters.tsx";
import { EndpointCreatePage } from "./pages/endpoint-create.tsx";
import { EndpointPage } from "./pages/endpoint/endpoint.tsx";
import { EndpointsPage } from "./pages/endpoints.tsx";
import { GatewaysPage } from "./pages/gateways.tsx";
import { NetworkPage } from "./pages/network/network.tsx";
import { NetworksPage } from "./pages/networks.tsx";
import { NotFoundPage } from "./pages/not-found.tsx";
import { RegisterClusterPage } from "./pages/register/register-cluster.tsx";
import { WebhookPage } from "./pages/webhook/webhook.tsx";
import { WebhooksPage } from "./pages/webhooks.tsx";
import { SessionProvider } from "./session/session-context.tsx";

const router = createBrowserRouter(
  [
    {
      element: <Layout />,
      children: [
        { index: true, element: <Navigate to="/clusters" replace /> },
        { path: "clusters", element: <ClustersPage /> },
        { path: "clusters/register", element: <RegisterClusterPage /> },
        { path: "clusters/:id/:tab?", element: <ClusterPage /> },
        { path: "endpoints", element: <EndpointsPage /> },
        { path: "endpoints/create", element: <EndpointCreatePage /> },
        { path: "endpoints/:id", element: <EndpointPage /> },
        { path: "networks", element: <NetworksPage /> },
        { path: "networks/:id", element: <NetworkPage /> },
        { path: "gateways", element: <GatewaysPage /> },
        { path: "activity", element: <ActivityPage /> },
        { path: "webhooks", element: <WebhooksPage /> },
        { path: "webhooks/:id", element: <WebhookPage /> },
        { path: "*", element: <NotFoundPage /> },
      ],
    },
  ],
  { basename: "/console" },
);

/** The console: whoever is not signed in sees the form for that, and afterwards the page that he came for. */
export function App() {
  const [queries] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          queries: {
            staleTime: 2_000,
            // The server may be on this machine: whether there is an Internet says nothing.
            networkMode: "always",
            // What the server refused it refuses again; what did not arrive may arrive.
            retry: (count, error) => !(error instanceof ApiFailure && error.status !== 0) && count < 3,
          },
        },
      }),
  );
  return (
    <QueryClientProvider client={queries}>
      <SessionProvider>
        <RouterProvider router={router} />
      </SessionProvider>
    </QueryClientProvider>
  );
}
