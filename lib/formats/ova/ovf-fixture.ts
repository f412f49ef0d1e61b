// An OVF descriptor of one virtual machine, for tests.

export interface OvfFixture {
  name?: string;
  /** In the order of the disks. */
  files: { href: string; more?: string }[];
  /** Stands in front of the envelope. */
  prolog?: string;
}

export function ovfOf({ name = 'appliance', files, prolog = '' }: OvfFixture): Uint8Array {
  const text = `<?xml version="1.0" encoding="UTF-8"?>${prolog}
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="rasd">
  <References>${files
    .map(({ href, more = '' }, index) => `<File ovf:id="f${index}" ovf:href="${href}" ${more}/>`)
    .join('')}</References>
  <DiskSection><Info>Disks</Info>${files
    .map(
      (_, index) => `<Disk ovf:capacity="8" ovf:capacityAllocationUnits="byte * 2^20"
      ovf:diskId="d${index}" ovf:fileRef="f${index}"/>`,
    )
    .join('')}</DiskSection>
  <VirtualSystem ovf:id="vm"><Info>A VM</Info><Name>${name}</Name>
    <OperatingSystemSection ovf:id="96"><Info/><Description>Debian 12</Description>
    </OperatingSystemSection>
    <VirtualHardwareSection><Info/>
      <Item><rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
      <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>
        <rasd:ResourceType>4</rasd:ResourceType>
        <rasd:VirtualQuantity>512</rasd:VirtualQuantity></Item>
      ${files
        .map(
          (_, index) => `<Item><rasd:ElementName>Disk ${index}</rasd:ElementName>
          <rasd:HostResource>ovf:/disk/d${index}</rasd:HostResource>
          <rasd:ResourceType>17</rasd:ResourceType></Item>`,
        )
        .join('')}
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>`;
  return new TextEncoder().encode(text);
}
