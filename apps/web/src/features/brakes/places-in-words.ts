/** "mx1 smtp; mx2 smtp and 3 more", by name; for one line of a list. Labels may hold commas. */
export function placesInWords(applications: readonly { hostName: string; pointLabel: string }[], most = 4): string {
  const names = applications.map(({ hostName, pointLabel }) => `${hostName} ${pointLabel}`).sort();
  const shown = names.slice(0, most).join("; ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
