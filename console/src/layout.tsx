import AppLayout from "@cloudscape-design/components/app-layout";
import SideNavigation from "@cloudscape-design/components/side-navigation";
import TopNavigation from "@cloudscape-design/components/top-navigation";
import { useState } from "react";
import { Outlet, useLocation, useNavigate } from "react-router";
import { EventsProvider } from "./api/use-events.ts";
import { Notices } from "./parts/notices.tsx";
import { useSession } from "./session/session-context.tsx";
import { texts } from "./texts/en.ts";
import { chooseTheme, chosenTheme, type Theme } from "./theme.ts";

const t = texts.nav;

/** What every page has around it. */
export function Layout() {
  const { info, signOut } = useSession();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [theme, setTheme] = useState(chosenTheme());
  const [isNavigationOpen, setNavigationOpen] = useState(true);
  const go = (event: CustomEvent<{ readonly href?: string; readonly external?: boolean }>): void => {
    const { href, external } = event.detail;
    if (external || href === undefined) return;
    event.preventDefault();
    void navigate(href.replace(/^\/console/, ""));
  };
  const section = `/console/${pathname.split("/")[1] ?? ""}`;
  return (
    <EventsProvider>
      <div id="top">
        <TopNavigation
          identity={{ href: "/console/clusters", title: texts.product, onFollow: go }}
          utilities={[
            {
              type: "menu-dropdown",
              text: t.theme,
              iconName: "settings",
              items: (["light", "dark", "system"] as const).map((id) => ({
                id,
                text: t[id],
                itemType: "checkbox" as const,
                checked: theme === id,
              })),
              onItemClick: ({ detail }) => {
                chooseTheme(detail.id as Theme);
                setTheme(detail.id as Theme);
              },
            },
            {
              type: "menu-dropdown",
              text: info.user.name,
              description: info.account.name,
              iconName: "user-profile",
              items: [{ id: "sign-out", text: t.signOut }],
              onItemClick: () => void signOut(),
            },
          ]}
        />
      </div>
      <AppLayout
        headerSelector="#top"
        toolsHide
        // Tables have many columns: they get all the width that there is.
        maxContentWidth={Number.MAX_VALUE}
        navigationOpen={isNavigationOpen}
        onNavigationChange={({ detail }) => setNavigationOpen(detail.open)}
        ariaLabels={{ navigation: t.label, navigationClose: t.label, navigationToggle: t.label }}
        navigation={
          <SideNavigation
            header={{ text: texts.product, href: "/console/clusters" }}
            activeHref={section}
            onFollow={go}
            items={[
              { type: "link", text: t.clusters, href: "/console/clusters" },
              { type: "link", text: t.endpoints, href: "/console/endpoints" },
              { type: "link", text: t.networks, href: "/console/networks" },
              { type: "link", text: t.gateways, href: "/console/gateways" },
              { type: "link", text: t.activity, href: "/console/activity" },
              { type: "link", text: t.webhooks, href: "/console/webhooks" },
              { type: "divider" },
              { type: "link", text: t.docs, href: "/docs", external: true },
            ]}
          />
        }
        notifications={<Notices />}
        stickyNotifications
        content={<Outlet />}
      />
    </EventsProvider>
  );
}
