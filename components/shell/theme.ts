// Theme and density: attributes of <html>, kept in cookies so that the server draws the first
// frame right.

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];
export const THEME_LABELS: Record<Theme, string> = {
  system: 'As the system',
  light: 'Light',
  dark: 'Dark',
};

export const DENSITIES = ['compact', 'comfortable'] as const;
export type Density = (typeof DENSITIES)[number];

export const THEME_COOKIE = 'sluice_theme';
export const DENSITY_COOKIE = 'sluice_density';
const YEAR_SECONDS = 365 * 24 * 3600;

export function readTheme(text: string | undefined): Theme {
  return THEMES.find((theme) => theme === text) ?? 'system';
}

export function readDensity(text: string | undefined): Density {
  return DENSITIES.find((density) => density === text) ?? 'compact';
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  keep(THEME_COOKIE, theme);
}

export function applyDensity(density: Density): void {
  document.documentElement.dataset.density = density;
  keep(DENSITY_COOKIE, density);
}

export function currentTheme(): Theme {
  return readTheme(document.documentElement.dataset.theme);
}

export function currentDensity(): Density {
  return readDensity(document.documentElement.dataset.density);
}

function keep(name: string, value: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in Firefox
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
}
