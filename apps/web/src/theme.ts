import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from "@mantine/core";

/** The one accent: brake red. Everything that brakes, and every braked door, is this; nothing else is. */
const brake: MantineColorsTuple = [
  "#fff1ec",
  "#ffe0d6",
  "#ffbda9",
  "#ff9678",
  "#fb7450",
  "#f05c35",
  "#dd4423",
  "#c8371b",
  "#a92b13",
  "#88200c",
];
const gray: MantineColorsTuple = [
  "#faf9f7",
  "#f5f4f1",
  "#eceae5",
  "#dfdcd5",
  "#c9c5bc",
  "#a5a096",
  "#79756c",
  "#5b5850",
  "#3b3934",
  "#1f1e1b",
];
const dark: MantineColorsTuple = [
  "#eceae6",
  "#b9b5ad",
  "#96928a",
  "#716e67",
  "#45433e",
  "#34322e",
  "#232220",
  "#1a1917",
  "#131312",
  "#0d0d0c",
];

/** `ink` is every button that doesn't brake: the accent stays for those that do (`filled`). */
const variantColorResolver: VariantColorsResolver = (input) =>
  input.variant === "ink"
    ? {
        background: "var(--mb-ink)",
        hover: "var(--mb-ink-hover)",
        color: "var(--mb-surface)",
        border: "1px solid var(--mb-ink)",
      }
    : defaultVariantColorsResolver(input);

export const theme = createTheme({
  variantColorResolver,
  colors: { brake, gray, dark },
  primaryColor: "brake",
  primaryShade: 7,
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "Liberation Mono", Menlo, Consolas, monospace',
  headings: { fontWeight: "650" },
  black: "#1f1e1b",
  components: {
    Button: { defaultProps: { size: "sm", variant: "ink" } },
    PasswordInput: {
      defaultProps: { visibilityToggleButtonProps: { "aria-label": "Show what is typed", tabIndex: 0 } },
    },
    Modal: { defaultProps: { centered: true, radius: "md" } },
  },
});

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#f5f4f1",
    "--mantine-color-dimmed": "#67635a",
    "--mb-surface": "#ffffff",
    "--mb-sunken": "#eeece7",
    "--mb-line": "#dfdcd5",
    "--mb-line-strong": "#bdb8ad",
    "--mb-ink": "#1f1e1b",
    "--mb-ink-hover": "#3b3934",
    "--mb-accent-text": "#b03016",
    "--mb-accent-soft": "#fff1ec",
    "--mb-accent-line": "#f0b9a8",
    "--mb-warn-text": "#7a4d00",
    "--mb-warn-soft": "#fdf3da",
    "--mb-warn-line": "#e3c57c",
    "--mb-good-text": "#1d6a3c",
    "--mb-good-soft": "#e8f4ec",
    "--mb-good-line": "#a9d3b8",
    "--mb-terminal": "#20211f",
    "--mb-terminal-ink": "#e9e7e1",
  },
  dark: {
    "--mantine-color-body": "#131312",
    "--mantine-color-dimmed": "#a39f96",
    "--mb-surface": "#1b1a18",
    "--mb-sunken": "#232220",
    "--mb-line": "#322f2b",
    "--mb-line-strong": "#4d4a44",
    "--mb-ink": "#eceae6",
    "--mb-ink-hover": "#cfccc5",
    "--mb-accent-text": "#ff8c6b",
    "--mb-accent-soft": "#34190f",
    "--mb-accent-line": "#713220",
    "--mb-warn-text": "#f0c265",
    "--mb-warn-soft": "#2d230d",
    "--mb-warn-line": "#66501c",
    "--mb-good-text": "#7ccb98",
    "--mb-good-soft": "#12271a",
    "--mb-good-line": "#2c5a3c",
    "--mb-terminal": "#0c0c0b",
    "--mb-terminal-ink": "#e2dfd8",
  },
});
